/* Runs the example of lwIP against a real broker, until it has left: ./example PORT */
#include "host.h"

#include "lwip/ip_addr.h"
#include "lwip/sys.h"

#include <stdio.h>
#include <stdlib.h>

void example_begin(const ip_addr_t *broker);

int main(int argc, char **argv)
{
    ip_addr_t broker;
    u32_t begun;
    int has_connected = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    host_begin((uint16_t)atoi(argc > 1 ? argv[1] : "1883"));
    IP_ADDR4(&broker, 127, 0, 0, 1);
    example_begin(&broker);
    for (begun = sys_now(); sys_now() - begun < 30000u;) {
        host_turn();
        has_connected |= host_connections() != 0;
        if (has_connected && host_connections() == 0) {
            return 0;
        }
    }
    return 1;
}
