#ifndef VERSION_H
#define VERSION_H

#define LOGFERRY_VERSION "0.1.0"

#endif
