//! JSON, as much of it as traces need: strict, and a panic where it is not valid.

/// A value.
#[derive(Debug)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    pub(crate) fn get(&self, key: &str) -> &Value {
        match self {
            Self::Object(entries) => match entries.iter().find(|(k, _)| k == key) {
                Some((_, value)) => value,
                None => panic!("{self:?} has no {key:?}"),
            },
            other => panic!("{other:?} is no object"),
        }
    }

    pub(crate) fn list(&self) -> &[Value] {
        match self {
            Self::List(list) => list,
            other => panic!("{other:?} is no list"),
        }
    }

    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }
}

/// The value that a whole text is.
pub(crate) fn parse(text: &str) -> Value {
    let mut parser = Parser { rest: text };
    let value = parser.value();
    parser.space();
    assert_eq!(parser.rest, "", "more follows");
    value
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn peek(&mut self) -> char {
        self.space();
        self.rest.chars().next().expect("more text")
    }

    fn next(&mut self) -> char {
        let c = self.rest.chars().next().expect("more text");
        self.rest = &self.rest[c.len_utf8()..];
        c
    }

    fn take(&mut self, wanted: char) {
        assert_eq!(self.peek(), wanted, "at {:.40}", self.rest);
        self.next();
    }

    fn value(&mut self) -> Value {
        match self.peek() {
            '{' => Value::Object(self.items('}', |p| {
                let key = p.text();
                p.take(':');
                (key, p.value())
            })),
            '[' => Value::List(self.items(']', Self::value)),
            '"' => Value::Text(self.text()),
            _ => Value::Number(self.number()),
        }
    }

    /// What is between brackets, with commas between the items and none after the last.
    fn items<T>(&mut self, close: char, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        self.next();
        let mut items = Vec::new();
        while self.peek() != close {
            if !items.is_empty() {
                self.take(',');
            }
            items.push(item(self));
        }
        self.next();
        items
    }

    fn number(&mut self) -> f64 {
        let digits = |c: char| !(c.is_ascii_digit() || "+-.eE".contains(c));
        let end = self.rest.find(digits).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        number
            .parse()
            .unwrap_or_else(|_| panic!("{number:?} is no number"))
    }

    fn text(&mut self) -> String {
        self.take('"');
        let mut text = String::new();
        loop {
            match self.next() {
                '"' => return text,
                '\\' => text.push(match self.next() {
                    c @ ('"' | '\\' | '/') => c,
                    'u' => {
                        let code: String = (0..4).map(|_| self.next()).collect();
                        let code = u32::from_str_radix(&code, 16).expect("four digits");
                        char::from_u32(code).expect("a character")
                    }
                    c => panic!("\\{c} is not written here"),
                }),
                c => {
                    assert!(c >= ' ', "a control character in a text");
                    text.push(c);
                }
            }
        }
    }
}
