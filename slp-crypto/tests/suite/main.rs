//! Everything that needs more than one module, or vectors. One program, so that it links once.
//!
//! The large public vectors and the real certificates lie outside this repository; `SLP_SAMPLES` names the folder. The
//! tests that need them say so on standard error when it is not set, and print what they counted when it is.

mod canonical;
mod documents;
mod keys;
mod laws;
mod made;
mod pki;
mod shown;
mod statements;
mod support;
mod trusting;
mod vectors;
mod verifying;
