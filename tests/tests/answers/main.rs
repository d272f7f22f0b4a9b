//! The answers to the book's exercises: a file for each chapter, whose anchors the chapter includes, with the tests that hold
//! them.

mod attacks;
mod bodies;
mod client;
mod cookies;
mod event_loop;
mod head;
mod hpack;
mod measuring;
mod routing;
mod server;
mod tcp;
mod udp;
