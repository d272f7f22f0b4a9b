//! Children, and their channels: the core alone, simulated, and between real programs.

mod any_bytes;
mod children;
mod core;
mod given;
mod simulated;
