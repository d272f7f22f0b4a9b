//! The data of the steps: numbers, texts, lists and maps.
//!
//! Run: cargo run --release --example template_steps

use std::collections::HashMap;
use wirebook_template::{Object, Str, Value};

#[derive(Clone, Debug)]
pub(crate) enum Data {
    Number(i64),
    List(Vec<Data>),
    Map(HashMap<String, Data>),
}

pub(crate) fn table(rows: usize, columns: usize) -> Data {
    let cell = |row: usize, column: usize| Data::Number(((row * 7919 + column * 104_729) % 10_000) as i64);
    let rows = (0..rows).map(|row| Data::List((0..columns).map(|column| cell(row, column)).collect())).collect();
    Data::Map(HashMap::from([("table".to_owned(), Data::List(rows))]))
}

impl Data {
    pub(crate) fn show(&self) -> String {
        match self {
            Data::Number(n) => n.to_string(),
            Data::List(_) | Data::Map(_) => String::new(),
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            Data::Number(n) => Value::from(*n),
            Data::List(items) => Value::from(items.iter().map(Data::to_value).collect::<Vec<_>>()),
            Data::Map(map) => {
                map.iter().map(|(key, value)| (Str::from(key.as_str()), value.to_value())).collect::<Object>().into()
            }
        }
    }
}

pub(crate) fn escape(text: &str, out: &mut String) {
    wirebook_template::escape::naive(out, text);
}
