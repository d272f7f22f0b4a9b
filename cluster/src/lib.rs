//! One port that stays open while everything behind it dies: Node's `cluster`, without its holes.
//!
//! **The rooms**, from the ground up:
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | [`supervisor`] | Who is started again, when, how often, and who has to go? | 600 |

pub mod supervisor;
