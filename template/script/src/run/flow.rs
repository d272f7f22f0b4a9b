//! How statements end, and what that means to a loop.

use super::machine::Cx;

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
    Return,
}

/// The labels that stand before a loop.
pub(crate) struct Labels(Box<[u32]>);

impl Labels {
    pub(crate) fn new(labels: Vec<u32>) -> Labels {
        Labels(labels.into())
    }

    /// After a turn that ended with `flow`: `None` to go on, or how the loop ends.
    #[inline]
    pub(crate) fn after(&self, cx: &mut Cx<'_>, flow: Flow) -> Option<Flow> {
        if flow == Flow::Next { None } else { self.after_jump(cx, flow) }
    }

    fn after_jump(&self, cx: &mut Cx<'_>, flow: Flow) -> Option<Flow> {
        match flow {
            Flow::Continue if cx.label == 0 => None,
            Flow::Continue if self.0.contains(&cx.label) => {
                cx.label = 0;
                None
            }
            Flow::Break if cx.label == 0 => Some(Flow::Next),
            other => Some(other),
        }
    }
}
