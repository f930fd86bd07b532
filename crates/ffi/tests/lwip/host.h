/* A host for lwIP: 127.0.0.1 in lwIP's own network carries connections to the host's. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

/* What lwIP's clients connect to, at lwIP's 127.0.0.1. */
#define HOST_PORT 1883

/* Starts lwIP. Connections to HOST_PORT are carried to this port of the host. */
void host_begin(uint16_t port);
/* Lets lwIP and the connections go on, for some milliseconds at most. */
void host_turn(void);
/* How many connections there are. */
int host_connections(void);
/* From now on, each packet with a number divisible by this is lost; 0: none. */
void host_lose(unsigned one_of);
/* Lets this number of milliseconds pass for lwIP, in which nothing else happens. */
void host_skip(uint32_t ms);
/* Frees a packet and returns 1 if it is lost. */
struct pbuf;
int host_loses(struct pbuf *p);

#endif
