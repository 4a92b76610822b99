//! A file, piece by piece.

use super::{Node, Value};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A piece of a file.
#[derive(Debug)]
pub(crate) enum Piece<'n, 's> {
    /// An item of the list under that key.
    Item(&'n Node<'s>, Node<'s>),
    /// A key at the top, and its value. The list whose items have been handed over is empty by now.
    Entry(Node<'s>, Node<'s>),
    /// Everything, where there are no keys at the top.
    Root(Node<'s>),
}

/// Where the pieces go.
pub(super) struct Pieces<'p, 's> {
    source: &'s str,
    listed: &'p str,
    take: &'p mut dyn FnMut(Piece<'_, 's>),
    /// Where a mark was swallowed; nothing is handed over from there on.
    swallowed: Option<(u32, u32)>,
}

impl<'p, 's> Pieces<'p, 's> {
    pub(super) fn new(
        source: &'s str,
        listed: &'p str,
        take: &'p mut dyn FnMut(Piece<'_, 's>),
    ) -> Self {
        Self { source, listed, take, swallowed: None }
    }

    /// Hands over all pieces; whether there were keys at the top.
    pub(super) fn deserialize<D: Deserializer<'s>>(&mut self, yaml: D) -> Result<bool, D::Error> {
        Ok(matches!(yaml.deserialize_any(ValueVisitor::Top(self))?, Value::Map(_)))
    }

    /// Line and column of the mark that was swallowed, after which nothing was handed over.
    pub(super) const fn swallowed(&self) -> Option<(u32, u32)> {
        self.swallowed
    }

    fn take<E: serde::de::Error>(&mut self, piece: Piece<'_, 's>) -> Result<(), E> {
        let mark = |node: &Node<'s>| node.swallowed_mark(self.source);
        self.swallowed = match &piece {
            Piece::Item(_, node) | Piece::Root(node) => mark(node),
            Piece::Entry(key, value) => mark(key).or_else(|| mark(value)),
        };
        if self.swallowed.is_some() {
            return Err(E::custom("a mark was swallowed"));
        }
        (self.take)(piece);
        Ok(())
    }
}

impl<'s> Deserialize<'s> for Value<'s> {
    fn deserialize<D: Deserializer<'s>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor::Tree)
    }
}

/// What is made of a value.
enum ValueVisitor<'v, 'p, 's> {
    /// A tree.
    Tree,
    /// Pieces, if it is a mapping: its keys and values.
    Top(&'v mut Pieces<'p, 's>),
    /// Pieces, if it is a list: the items under that key.
    Listed(&'v Node<'s>, &'v mut Pieces<'p, 's>),
}

impl<'s> DeserializeSeed<'s> for ValueVisitor<'_, '_, 's> {
    type Value = Value<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Value<'s>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'s> ValueVisitor<'_, '_, 's> {
    /// The place comes from who knows it.
    const fn plain<E>() -> Result<Value<'s>, E> {
        Ok(Value::Plain { start: usize::MAX, octets: 0 })
    }
}

impl<'s> Visitor<'s> for ValueVisitor<'_, '_, 's> {
    type Value = Value<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a section")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Self::plain()
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Self::plain()
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Self::plain()
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Self::plain()
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'s str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'s>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            match &mut self {
                Self::Listed(key, pieces) => pieces.take(Piece::Item(key, item))?,
                Self::Tree | Self::Top(_) => list.push(item),
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'s>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let Self::Top(pieces) = self else {
            let mut map = Vec::new();
            while let Some(entry) = entries.next_entry()? {
                map.push(entry);
            }
            return Ok(Value::Map(map));
        };
        while let Some(key) = entries.next_key::<Node<'s>>()? {
            let value = if key.text(pieces.source) == Some(pieces.listed) {
                let value = entries.next_value_seed(ValueVisitor::Listed(&key, pieces))?;
                // Its own place is not known.
                Node { line: key.line, start: u32::MAX, value }
            } else {
                entries.next_value()?
            };
            pieces.take(Piece::Entry(key, value))?;
        }
        Ok(Value::Map(Vec::new()))
    }
}
