//! The loop and its sockets. What counts what a process has, or changes it, is a program of its own beside this one.

mod abstract_addresses;
mod addresses;
mod alive;
mod attacks;
mod basics;
mod durations;
mod emitter;
mod examples;
mod node_drops;
mod options;
mod sim;
mod sockets;
mod tear_down;
mod trace;
