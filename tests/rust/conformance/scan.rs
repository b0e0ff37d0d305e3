//! A reader of JSON that shares nothing with the library's: RFC 8259 by the letter, byte by byte,
//! with the contract's further rules told apart. It is slow and keeps everything.

use serde_json::{Map, Value};
use tokensmith::{Invalid, Member};

/// What a body is.
pub enum Scanned {
    /// Not UTF-8, or it opens with a byte-order mark.
    NotUtf8,
    /// Not JSON, a lone surrogate included.
    NotJson,
    /// JSON.
    Json(Json),
}

/// A body that is JSON.
pub struct Json {
    /// Its value; of numbers only that they are numbers, of what lies too deep nothing.
    pub value: Value,
    /// How many arrays and objects are around its innermost place.
    pub depth: usize,
    /// An object names a member twice.
    pub repeats: bool,
}

/// Reads a body.
pub fn scan(body: &[u8]) -> Scanned {
    let Ok(text) = std::str::from_utf8(body) else { return Scanned::NotUtf8 };
    if text.starts_with('\u{feff}') {
        return Scanned::NotUtf8;
    }
    let mut reader =
        Reader { text: text.chars().collect(), at: 0, depth: 0, deepest: 0, repeats: false };
    match reader.whole() {
        Some(value) => {
            Scanned::Json(Json { value, depth: reader.deepest, repeats: reader.repeats })
        }
        None => Scanned::NotJson,
    }
}

/// The phrase that the contract's order of faults gives a body of a good content type, with the
/// word of a JSON Schema validator for what the schema says.
pub fn verdict(body: &[u8], conforms_to_schema: impl Fn(&Value) -> bool) -> Option<Invalid> {
    if body.len() > 8 * 1024 {
        return Some(Invalid::TooLarge);
    }
    let json = match scan(body) {
        Scanned::NotUtf8 => return Some(Invalid::Encoding),
        Scanned::NotJson => return Some(Invalid::Syntax),
        Scanned::Json(json) => json,
    };
    let Value::Object(members) = &json.value else { return Some(Invalid::NotAnObject) };
    if json.depth > 8 {
        return Some(Invalid::TooDeep);
    }
    if json.repeats {
        return Some(Invalid::Repeated);
    }
    if conforms_to_schema(&json.value) {
        return None;
    }
    let both = [Member::AppClientId, Member::AppSecret];
    let missing = both.into_iter().find(|member| !members.contains_key(member.name()));
    let odd =
        both.into_iter().find(|member| !members.get(member.name()).is_some_and(Value::is_string));
    missing.map(Invalid::Missing).or(odd.map(Invalid::NotAString))
}

const DEEPEST_KEPT: usize = 8;

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    deepest: usize,
    repeats: bool,
}

impl Reader {
    fn whole(&mut self) -> Option<Value> {
        self.white();
        let value = self.value()?;
        self.white();
        (self.at == self.text.len()).then_some(value)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_it = self.peek() == Some(wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<Value> {
        match self.peek()? {
            '{' => self.nested(Self::object),
            '[' => self.nested(Self::array),
            '"' => self.string().map(Value::String),
            't' => self.word("true", Value::Bool(true)),
            'f' => self.word("false", Value::Bool(false)),
            'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let value = read(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn object(&mut self) -> Option<Value> {
        self.at += 1;
        let mut members = Map::new();
        self.white();
        if self.eat('}') {
            return Some(Value::Object(members));
        }
        loop {
            self.white();
            let name = self.string()?;
            self.white();
            if !self.eat(':') {
                return None;
            }
            self.white();
            let value = self.value()?;
            let kept = if self.depth > DEEPEST_KEPT { Value::Null } else { value };
            self.repeats |= members.insert(name, kept).is_some();
            self.white();
            match self.next()? {
                ',' => {}
                '}' => return Some(Value::Object(members)),
                _ => return None,
            }
        }
    }

    fn array(&mut self) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.white();
        if self.eat(']') {
            return Some(Value::Array(items));
        }
        loop {
            self.white();
            let value = self.value()?;
            if self.depth <= DEEPEST_KEPT {
                items.push(value);
            }
            self.white();
            match self.next()? {
                ',' => {}
                ']' => return Some(Value::Array(items)),
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        word.chars().all(|c| self.eat(c)).then_some(value)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<Value> {
        self.eat('-');
        if !self.eat('0') {
            self.digits()?;
        }
        if self.eat('.') {
            self.digits()?;
        }
        if self.eat('e') || self.eat('E') {
            let _ = self.eat('+') || self.eat('-');
            self.digits()?;
        }
        Some(Value::from(0))
    }

    fn string(&mut self) -> Option<String> {
        if !self.eat('"') {
            return None;
        }
        let mut units: Vec<u16> = Vec::new();
        loop {
            match self.next()? {
                '"' => return String::from_utf16(&units).ok(),
                '\0'..='\u{1f}' => return None,
                '\\' => units.push(self.escape()?),
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.next()? {
            '"' => 0x22,
            '\\' => 0x5c,
            '/' => 0x2f,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit * 16 + self.next()?.to_digit(16)?;
                }
                u16::try_from(unit).ok()?
            }
            _ => return None,
        })
    }
}
