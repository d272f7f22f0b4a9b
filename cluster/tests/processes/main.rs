//! Real clusters: this test program is the master, and started again the worker. Few, because processes cost time; each bounded.

mod agent;
mod exhausted;
mod faults;
mod kit;
mod life;
mod machine;
mod master;
mod node;
mod operators;
mod words;
mod worker;
