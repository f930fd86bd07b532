/* lwIP without threads, with nothing but TCP over its loopback interface. The windows are small, so
 * that they are full now and then; the memory is malloc's, so that a sanitizer watches it. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_UDP 0
#define LWIP_ICMP 0
#define LWIP_ARP 0
#define LWIP_STATS 0
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HOOK_FILENAME "host.h"
#define LWIP_HOOK_IP4_INPUT(p, netif) host_loses(p)
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define TCP_MSS 536
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 6

#endif
