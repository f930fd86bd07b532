//! One table of scenarios that both faces of the managed client pass: `motemq-std`, which blocks,
//! and `motemq-tokio`, which is asynchronous. There is nothing here but tests.
//!
//! A scenario is a function below `tests/table/scenarios`, and stands in the table there. It is
//! written once, in the words of the blocking face, and compiled twice: `super::face` is
//! `motemq-std` itself, or it has the same names and signatures over `motemq-tokio`. So a scenario
//! compiles only if both faces have the same options, methods and errors, and passes only if they
//! do the same. The modules are named after the rules of the managed client, which the architecture
//! page of the project lists, or after their subject.
//!
//! What only one face has is tested beside that face: batches and drivers that the caller drives in
//! `crates/std`, futures that are dropped and a clock that stands still in `crates/tokio`.
//!
//! ```console
//! $ cargo test -p motemq-faces --test table             # all of it, but for the store
//! $ cargo test -p motemq-faces --features store         # all of it
//! $ cargo test -p motemq-faces --test table -- rule_04  # the scenarios of a rule, on both faces
//! ```
