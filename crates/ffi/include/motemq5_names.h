/* Gives the functions and types of MQTT 5 the names of those of MQTT 3.1.1, for sources that are
 * compiled for either version, such as motemq_run.c. A program includes either this file or motemq.h.
 * Functions have the arguments that they have with MQTT 3.1.1: subscriptions without properties. */
#ifndef MOTEMQ5_NAMES_H
#define MOTEMQ5_NAMES_H

#include "motemq5_run.h"

#define motemq_t motemq5_t
#define motemq_publish_t motemq5_publish_t
#define motemq_filter_t motemq5_filter_t
#define motemq_connect_t motemq5_connect_t
#define motemq_event_t motemq5_event_t

#define motemq_init motemq5_init
#define motemq_connect motemq5_connect
#define motemq_publish motemq5_publish
#define motemq_disconnect motemq5_disconnect
#define motemq_publish_chunk motemq5_publish_chunk
#define motemq_publish_direct motemq5_publish_direct
#define motemq_payload_remaining motemq5_payload_remaining
#define motemq_republish motemq5_republish
#define motemq_abandon motemq5_abandon
#define motemq_pass_over motemq5_pass_over
#define motemq_message_qos motemq5_message_qos
#define motemq_message_retain motemq5_message_retain
#define motemq_message_dup motemq5_message_dup
#define motemq_next_event motemq5_next_event
#define motemq_topic_matches motemq5_topic_matches
#define motemq_tick motemq5_tick
#define motemq_on_reading_paused motemq5_on_reading_paused
#define motemq_rx_space motemq5_rx_space
#define motemq_rx_commit motemq5_rx_commit
#define motemq_tx_bytes motemq5_tx_bytes
#define motemq_tx_consume motemq5_tx_consume
#define motemq_on_connection_lost motemq5_on_connection_lost
#define motemq_is_closed motemq5_is_closed
#define motemq_is_open motemq5_is_open
#define motemq_has_free_slot motemq5_has_free_slot
#define motemq_oldest_in_flight motemq5_oldest_in_flight
#define motemq_save motemq5_save
#define motemq_restore motemq5_restore
#define motemq_next_event_manual motemq5_next_event_manual
#define motemq_ack motemq5_ack
#define motemq_disconnect_manual motemq5_disconnect_manual
#define motemq_open motemq5_open
#define motemq_wait motemq5_wait
#define motemq_flush motemq5_flush
#define motemq_publish_long motemq5_publish_long
#define motemq_close motemq5_close
#define motemq_error_text motemq5_error_text
#define motemq_lwip_t motemq5_lwip_t
#define motemq_lwip_start motemq5_lwip_start
#define motemq_lwip_flush motemq5_lwip_flush
#define motemq_lwip_stop motemq5_lwip_stop

/* Without properties. */
#define motemq_subscribe(m, filters, count) motemq5_subscribe(m, filters, count, NULL, 0)
#define motemq_unsubscribe(m, filters, count) motemq5_unsubscribe(m, filters, count, NULL, 0)

#undef MOTEMQ_MEMORY
#define MOTEMQ_MEMORY MOTEMQ5_MEMORY
#undef MOTEMQ_SIZE
#define MOTEMQ_SIZE MOTEMQ5_SIZE

#endif
