//! The answers to the book's exercises: a file for each chapter, whose anchors the chapter includes, with the tests that hold
//! them.

mod event_loop;
mod head;
mod tcp;
mod udp;
