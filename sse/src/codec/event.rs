//! The one [`Event`] type, used in both directions.

/// An event of a stream: what a server sends and what a client is handed.
///
/// It borrows: from the caller when it is sent, from the decoder and its input when it was received.
///
/// Source: WHATWG HTML §9.2.6, "Interpreting an event stream".
///
/// ```
/// use wirebook_sse::Event;
/// let event = Event::data("hello");
/// assert_eq!(event.event_type, "message");
/// assert_eq!(event.id, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event<'a> {
    /// The `event` field. `"message"` is what a stream that names no type means, so it is not written.
    pub event_type: &'a str,
    /// The `data` fields, joined by LF.
    pub data: &'a str,
    /// Sent: the `id` field, `None` writes none and `Some("")` resets the client's place.
    /// Received: the last event ID in force, which an earlier event may have set; `None` when it is empty.
    pub id: Option<&'a str>,
}

/// The type of an event that names none.
pub const MESSAGE: &str = "message";

impl<'a> Event<'a> {
    /// An event of type `message` without an id.
    pub const fn data(data: &'a str) -> Self {
        Event { event_type: MESSAGE, data, id: None }
    }

    /// The same event with another type.
    pub const fn event_type(self, event_type: &'a str) -> Self {
        Event { event_type, ..self }
    }

    /// The same event with an id.
    pub const fn id(self, id: &'a str) -> Self {
        Event { id: Some(id), ..self }
    }
}
