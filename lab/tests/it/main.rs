//! The program as people start it.

mod cluster;
mod learn;
mod render;
mod site;
