/*
 * sender_s3 - a stream as objects in an S3 store
 */
#ifndef SENDER_S3_H
#define SENDER_S3_H

#include "send.h"
#include "sender.h"

/* send: as send_s3_prepare left it; stays the caller's.  NULL: ENOMEM. */
struct sender *sender_s3_new(struct send *send);

#endif
