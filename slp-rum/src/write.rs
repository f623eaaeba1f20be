//! Later.

pub mod answer; // what a server sends back
mod element; // elements and JSON members, byte for byte
pub mod request; // what a device sends to ask for something
