//! The public types, and sessions that are driven by programs, models and random calls.
mod answering_loop;
mod either;
mod equality;
mod features;
mod features5;
mod manual_acks_model;
mod many_messages;
mod random;
mod room;
mod secrets;
mod sequences;
mod shown;
mod sizes;
