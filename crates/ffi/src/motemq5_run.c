/* motemq_run.c for MQTT 5. */
#include "motemq5_names.h"

#include "motemq_run.c"
