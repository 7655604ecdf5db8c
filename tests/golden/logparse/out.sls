0.1 - 1065910455 127.0.0.1 my.example.com local4.notice 1 evntslog 8 ID47 {"structured_data":{"ex@32473":{"iut":"3","s":"a\"]"}},"message":"An event","format":"syslog"}
0.1 - 1624961103 127.0.0.1 - user.info - - - - {"client":"192.0.2.1","user":"bob","method":"GET","path":"/a,b\"c","protocol":"HTTP/1.1","status":503,"size":5,"agent":"a\tb","format":"combined"}
0.1 - 1624961103 127.0.0.1 - user.err - - - - {"pid":7,"level":"ERROR","message":"it, failed","format":"postgres"}
0.1 - 0 127.0.0.1 - user.info - - - - {"message":"no such line","format":"raw","error":"no known format"}
