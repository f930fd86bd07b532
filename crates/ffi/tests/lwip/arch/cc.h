/* lwIP on a machine with an operating system and a C library: its own defaults will do. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdlib.h>

#define LWIP_RAND() ((unsigned)rand())

#endif
