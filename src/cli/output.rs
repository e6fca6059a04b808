//! How listings and single results are printed.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

use super::args::{ListFormat, OneFormat};

/// A listing: rows of named values, in the order of the columns.
#[derive(Debug, Default)]
pub struct Listing {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Listing {
    /// With these columns.
    pub fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; one value a column.
    pub fn row(&mut self, values: Vec<Value>) {
        debug_assert_eq!(values.len(), self.columns.len());
        self.rows.push(values);
    }

    /// No row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keeps only the named columns, in that order. A wrong name is an error that says which exist.
    pub fn select(&mut self, wanted: &[String]) -> Result<(), String> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut places = Vec::new();
        for name in wanted {
            let place = self.columns.iter().position(|c| c == name);
            places.push(place.ok_or_else(|| {
                format!(
                    "there is no column '{name}'; there are {}",
                    self.columns.join(", ")
                )
            })?);
        }
        self.columns = places.iter().map(|p| self.columns[*p]).collect();
        for row in &mut self.rows {
            *row = places.iter().map(|p| row[*p].clone()).collect();
        }
        Ok(())
    }

    /// The rows as JSON lines.
    pub fn lines(&self) -> Vec<String> {
        self.rows
            .iter()
            .map(|r| self.object(r).to_string())
            .collect()
    }

    /// Prints it; a table on a terminal and JSON lines elsewhere unless told.
    pub fn print(&self, format: Option<ListFormat>) -> io::Result<()> {
        let format = format.unwrap_or_else(ListFormat::unless_told);
        let mut out = BufWriter::new(io::stdout().lock());
        self.write(format, &mut out)?;
        out.flush()
    }

    /// Writes it.
    pub fn write(&self, format: ListFormat, out: &mut impl Write) -> io::Result<()> {
        match format {
            ListFormat::Table => self.table(out),
            ListFormat::Json => {
                let all: Vec<Value> = self.rows.iter().map(|r| self.object(r)).collect();
                serde_json::to_writer_pretty(&mut *out, &all)?;
                writeln!(out)
            }
            ListFormat::Jsonl => self
                .rows
                .iter()
                .try_for_each(|r| writeln!(out, "{}", self.object(r))),
            ListFormat::Csv => {
                // written into memory: a closed pipe is then an error of the system, not of the format
                let mut csv = csv::Writer::from_writer(Vec::new());
                csv.write_record(&self.columns)?;
                for row in &self.rows {
                    csv.write_record(row.iter().map(plain))?;
                }
                let bytes = csv
                    .into_inner()
                    .map_err(|e| io::Error::other(e.to_string()))?;
                out.write_all(&bytes)
            }
        }
    }

    fn object(&self, row: &[Value]) -> Value {
        let pairs = self
            .columns
            .iter()
            .zip(row)
            .map(|(c, v)| ((*c).to_string(), v.clone()));
        Value::Object(pairs.collect::<Map<_, _>>())
    }

    fn table(&self, out: &mut impl Write) -> io::Result<()> {
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|r| r.iter().map(cell).collect())
            .collect();
        let width = |i: usize| {
            cells
                .iter()
                .map(|r| r[i].width())
                .chain([self.columns[i].width()])
                .max()
                .unwrap_or(0)
                .min(60)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let heads: Vec<String> = self
            .columns
            .iter()
            .map(|c| c.to_uppercase().replace('_', " "))
            .collect();
        for row in std::iter::once(&heads).chain(&cells) {
            let mut line = String::new();
            for (text, width) in row.iter().zip(&widths) {
                line.push_str(text);
                line.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(text.width()) + 2,
                ));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Prints a single result: JSON where asked for or where nobody reads along, else the text.
pub fn one(
    format: Option<OneFormat>,
    json: &Value,
    text: impl FnOnce() -> String,
) -> io::Result<()> {
    let format = format.unwrap_or(if io::stdout().is_terminal() {
        OneFormat::Text
    } else {
        OneFormat::Json
    });
    match format {
        OneFormat::Json => writeln!(io::stdout(), "{json}"),
        OneFormat::Text => writeln!(io::stdout(), "{}", text().trim_end()),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| format!("{key} {}", plain(value));
            map.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(s) if s.is_empty() => "-".into(),
        Value::Object(map) if map.is_empty() => "-".into(),
        other => plain(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listing() -> Listing {
        let mut l = Listing::new(&["name", "class", "rtt_ms"]);
        l.row(vec![json!("sw-3f-01"), json!("switch"), json!(3)]);
        l.row(vec![json!("Dräger, \"7\""), json!(""), Value::Null]);
        l
    }

    fn written(format: ListFormat) -> String {
        let mut out = Vec::new();
        listing().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_rows_in_every_format() {
        assert_eq!(
            written(ListFormat::Table),
            "NAME         CLASS   RTT MS\nsw-3f-01     switch  3\nDräger, \"7\"  -       -\n"
        );
        assert_eq!(
            written(ListFormat::Csv),
            "name,class,rtt_ms\nsw-3f-01,switch,3\n\"Dräger, \"\"7\"\"\",,\n"
        );
        assert_eq!(
            written(ListFormat::Jsonl).lines().next().unwrap(),
            r#"{"name":"sw-3f-01","class":"switch","rtt_ms":3}"#
        );
        let all: Value = serde_json::from_str(&written(ListFormat::Json)).unwrap();
        assert_eq!(all.as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_wrong_column_names_those_that_exist() {
        let mut l = listing();
        l.select(&["rtt_ms".into(), "name".into()]).unwrap();
        assert_eq!(l.columns, ["rtt_ms", "name"]);
        assert_eq!(
            l.select(&["colour".into()]).unwrap_err(),
            "there is no column 'colour'; there are rtt_ms, name"
        );
    }
}
