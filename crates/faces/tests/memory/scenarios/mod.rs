//! The scenarios, each written once: `face` is one of the two.
mod rule_13_memory_is_bounded;

use super::face;
use motemq_faces::table;

table! {
    rule_13_memory_is_bounded:
        fragments_without_an_end_are_not_held
        pongs_that_are_not_read_are_not_held
        headers_without_an_end_are_not_held;
}
