/* SPDX-License-Identifier: MIT */
/* proxy_v2.h - the numbers of the PROXY protocol's binary header, for who reads it and
 * who writes it (version 2, section 2.2). */
#ifndef PROTO_PROXY_V2_H
#define PROTO_PROXY_V2_H

#define PROXY_V2_TEXT "\r\n\r\n\0\r\nQUIT\n" /* that it begins with */
#define SIGNATURE (sizeof(PROXY_V2_TEXT) - 1)
#define HEAD (SIGNATURE + 4) /* and version with command, family, length */
#define TLV_HEAD 3           /* type and length */
#define UNIX_BYTES 108       /* of each path */

enum { LOCAL = 0x20, PROXIED = 0x21 };                         /* version and command */
enum { OVER_IPV4 = 0x11, OVER_IPV6 = 0x21, OVER_UNIX = 0x31 }; /* streams */
enum { TYPE_CRC32C = 0x03, TYPE_SSL = 0x20 };                  /* of TLVs, ... */
enum { TYPE_SSL_VERSION = 0x21, TYPE_SSL_CIPHER = 0x23 }; /* ... and inside of that */
enum { CLIENT_SSL = 0x01, CLIENT_CERT = 0x02 };           /* its first byte */

#endif
