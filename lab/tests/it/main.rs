//! The program as people start it.

mod learn;
mod render;
mod site;
