//! Rows that vouch for themselves: each carries a tag over its fields, under a key that is not in
//! the store.

use aws_lc_rs::hmac;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

/// A table whose last column is `tag`, and whose first is the key.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Without the tag.
    pub(crate) columns: &'static [&'static str],
}

/// A row as it was found.
pub(crate) struct TaggedRow {
    pub(crate) fields: Vec<Value>,
    /// The tag is right: the fields are as they were written.
    pub(crate) intact: bool,
}

impl TaggedRow {
    /// The text in that column, whether the row is intact or not.
    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        match self.fields.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self, column: usize) -> Option<u64> {
        match self.fields.get(column) {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Option<&[u8]> {
        match self.fields.get(column) {
            Some(Value::Blob(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

impl Table {
    /// Writes a new row; an error if there is one of the same key.
    pub(crate) fn add(
        &self,
        connection: &Connection,
        key: &hmac::Key,
        fields: Vec<Value>,
    ) -> rusqlite::Result<()> {
        self.write("INSERT", connection, key, fields)
    }

    /// Writes a row, over one of the same key.
    pub(crate) fn put(
        &self,
        connection: &Connection,
        key: &hmac::Key,
        fields: Vec<Value>,
    ) -> rusqlite::Result<()> {
        self.write("REPLACE", connection, key, fields)
    }

    fn write(
        &self,
        verb: &str,
        connection: &Connection,
        key: &hmac::Key,
        mut fields: Vec<Value>,
    ) -> rusqlite::Result<()> {
        let tag = self.tag(key, &mut fields.iter().map(ValueRef::from));
        fields.push(Value::Blob(tag.as_ref().to_vec()));
        let places = vec!["?"; fields.len()].join(", ");
        let sql = format!("{verb} INTO {} ({}, tag) VALUES ({places})", self.name, self.list());
        connection.prepare(&sql)?.execute(params_from_iter(fields))?;
        Ok(())
    }

    /// All rows, the damaged ones among them.
    pub(crate) fn all(
        &self,
        connection: &Connection,
        key: &hmac::Key,
    ) -> rusqlite::Result<Vec<TaggedRow>> {
        let sql = format!("SELECT {}, tag FROM {}", self.list(), self.name);
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| self.read(row, key))?;
        rows.collect()
    }

    /// The rows that hold that text in that column, the damaged ones among them.
    pub(crate) fn all_of(
        &self,
        connection: &Connection,
        key: &hmac::Key,
        column: &'static str,
        text: &str,
    ) -> rusqlite::Result<Vec<TaggedRow>> {
        let sql = format!("SELECT {}, tag FROM {} WHERE {column} = ?", self.list(), self.name);
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([text], |row| self.read(row, key))?;
        rows.collect()
    }

    /// Removes the row whose first column holds that text, if there is one.
    pub(crate) fn remove(&self, connection: &Connection, text: &str) -> rusqlite::Result<()> {
        let sql = format!("DELETE FROM {} WHERE {} = ?", self.name, self.first());
        connection.prepare(&sql)?.execute([text])?;
        Ok(())
    }

    /// The row whose first column holds that text.
    pub(crate) fn find(
        &self,
        connection: &Connection,
        key: &hmac::Key,
        text: &str,
    ) -> rusqlite::Result<Option<TaggedRow>> {
        Ok(self.all_of(connection, key, self.first(), text)?.pop())
    }

    fn first(&self) -> &'static str {
        self.columns.first().copied().unwrap_or_default()
    }

    fn list(&self) -> String {
        self.columns.join(", ")
    }

    /// Reads whatever is there: a page that was overwritten may hold other types than were written.
    fn read(&self, row: &Row<'_>, key: &hmac::Key) -> rusqlite::Result<TaggedRow> {
        let columns = self.columns.len();
        let found: Vec<ValueRef<'_>> =
            (0..columns).map(|column| row.get_ref(column)).collect::<Result<_, _>>()?;
        let tag = self.tag(key, &mut found.iter().copied());
        let shown = match row.get_ref(columns)? {
            ValueRef::Blob(shown) => shown,
            _ => &[],
        };
        // Constant time is not needed to find damage, but costs nothing.
        let intact = aws_lc_rs::constant_time::verify_slices_are_equal(tag.as_ref(), shown).is_ok();
        let fields = found.into_iter().map(owned).collect();
        Ok(TaggedRow { fields, intact })
    }

    fn tag(&self, key: &hmac::Key, fields: &mut dyn Iterator<Item = ValueRef<'_>>) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(key);
        mac.update(b"tokensmith/row/v1\0");
        update(&mut mac, b't', self.name.as_bytes());
        for field in fields {
            match field {
                ValueRef::Null => update(&mut mac, b'n', &[]),
                ValueRef::Integer(number) => update(&mut mac, b'i', &number.to_be_bytes()),
                ValueRef::Real(number) => update(&mut mac, b'r', &number.to_be_bytes()),
                ValueRef::Text(text) => update(&mut mac, b't', text),
                ValueRef::Blob(bytes) => update(&mut mac, b'b', bytes),
            }
        }
        mac.sign()
    }
}

/// Kind and length keep the boundaries between fields fixed.
fn update(mac: &mut hmac::Context, kind: u8, bytes: &[u8]) {
    mac.update(&[kind]);
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}

/// Text that is not UTF-8 stays bytes: it was never written so.
fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(bytes.to_vec()),
        },
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::tests::keys;

    const TABLE: Table = Table { name: "things", columns: &["id", "number", "bytes"] };

    fn one() -> Vec<Value> {
        vec![Value::Text("a".to_owned()), Value::Integer(7), Value::Blob(vec![1, 2])]
    }

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let sql = "CREATE TABLE things (id PRIMARY KEY, number, bytes, tag)";
        connection.execute_batch(sql).unwrap();
        TABLE.add(&connection, &keys().rows, one()).unwrap();
        connection
    }

    #[test]
    fn what_is_put_is_found_intact_and_replaced() {
        let connection = connection();
        assert!(TABLE.add(&connection, &keys().rows, one()).is_err(), "it is there already");
        TABLE.put(&connection, &keys().rows, one()).unwrap();
        let rows = TABLE.all(&connection, &keys().rows).unwrap();
        assert_eq!(rows.len(), 1);
        let row = TABLE.find(&connection, &keys().rows, "a").unwrap().unwrap();
        assert!(row.intact && rows[0].intact);
        assert_eq!(
            (row.text(0), row.number(1), row.bytes(2)),
            (Some("a"), Some(7), Some(&[1, 2][..]))
        );
        assert!(TABLE.find(&connection, &keys().rows, "b").unwrap().is_none());
        TABLE.remove(&connection, "b").unwrap();
        assert_eq!(TABLE.all(&connection, &keys().rows).unwrap().len(), 1);
        TABLE.remove(&connection, "a").unwrap();
        assert_eq!(TABLE.all(&connection, &keys().rows).unwrap().len(), 0);
    }

    #[test]
    fn any_change_shows() {
        for change in [
            "id = 'b'",
            "number = 8",
            "number = '7'",
            "number = 7.0",
            "number = NULL",
            "bytes = x'0103'",
            "bytes = x'010200'",
            "bytes = ''",
            "id = CAST(x'ff' AS TEXT)",
            "number = x'00', bytes = x'02'",
            "tag = x''",
            "tag = NULL",
            "tag = 'text'",
        ] {
            let connection = connection();
            connection.execute(&format!("UPDATE things SET {change}"), []).unwrap();
            let rows = TABLE.all(&connection, &keys().rows).unwrap();
            assert!(!rows[0].intact, "{change}");
        }
    }

    #[test]
    fn a_row_of_another_table_or_key_is_not_intact() {
        let connection = connection();
        let sql = "CREATE TABLE others AS SELECT * FROM things";
        connection.execute_batch(sql).unwrap();
        let others = Table { name: "others", ..TABLE };
        assert!(!others.all(&connection, &keys().rows).unwrap()[0].intact);
        assert!(!TABLE.all(&connection, keys().peppers.find(1).unwrap()).unwrap()[0].intact);
    }
}
