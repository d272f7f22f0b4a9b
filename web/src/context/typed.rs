//! One value of each type: what the rings of an onion leave for each other, and what an application lends to its handlers.

use std::any::Any;

/// Values by their types. Without any it takes no memory; it is searched from its front, because it holds a handful.
#[derive(Debug, Default)]
pub struct Typed(Vec<Box<dyn Any>>);

impl Typed {
    /// Puts a value in; gives the one of this type that was there.
    pub fn insert<T: 'static>(&mut self, value: T) -> Option<T> {
        let before = self.remove();
        self.0.push(Box::new(value));
        before
    }

    /// The value of this type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.iter().find_map(|value| value.downcast_ref())
    }

    /// The value of this type, to be changed.
    pub fn get_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.0.iter_mut().find_map(|value| value.downcast_mut())
    }

    /// Takes all values of another one in, but for types that are here already.
    pub(crate) fn take_in(&mut self, other: Typed) {
        for value in other.0 {
            if !self.0.iter().any(|known| (**known).type_id() == (*value).type_id()) {
                self.0.push(value);
            }
        }
    }

    /// Takes the value of this type out.
    pub fn remove<T: 'static>(&mut self) -> Option<T> {
        let at = self.0.iter().position(|value| value.is::<T>())?;
        self.0.swap_remove(at).downcast().ok().map(|value| *value)
    }
}
