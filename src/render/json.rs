//! Any model as JSON or YAML.
//!
//! What comes from a cluster may hold characters that steer a terminal. JSON's own rule escapes those below U+0020
//! alone, and YAML's may leave direction marks as they are: both are escaped here, so that the text shows what it
//! holds and a parser still reads back every character.

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::DoubleQuoted;

use super::model::API_VERSION;
use crate::text::is_unprintable;

/// Indented, with a line feed at the end.
pub(crate) fn json(model: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(model).expect(PLAIN);
    let mut text = escaped(&text, json_escape);
    text.push('\n');
    text
}

/// One line, as `-w` prints them.
pub(crate) fn json_line(model: &impl Serialize) -> String {
    let text = serde_json::to_string(model).expect(PLAIN);
    let mut text = escaped(&text, json_escape);
    text.push('\n');
    text
}

pub(crate) fn yaml(model: &impl Serialize) -> String {
    let value = serde_json::to_value(model).expect(PLAIN);
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(&Quoted(&value), options).expect(PLAIN);
    escaped(&text, yaml_escape)
}

/// As `kubectl get` wraps several objects.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<T>,
}

impl<T> List<T> {
    pub(crate) const fn new(items: Vec<T>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "List",
            items,
        }
    }
}

/// Why writing a model cannot fail.
const PLAIN: &str = "a model has string keys and nothing that can refuse";

/// Outside of its strings, neither format contains such a character, save for the line feed.
fn escaped(text: &str, escape: fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unprintable(c) {
            out.push_str(&escape(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON escapes UTF-16 (RFC 8259, section 7).
fn json_escape(c: char) -> String {
    match c.encode_utf16(&mut [0; 2]) {
        [unit] => format!("\\u{unit:04x}"),
        units => format!("\\u{:04x}\\u{:04x}", units[0], units[1]),
    }
}

/// YAML escapes code points (YAML 1.2.2, section 5.7).
fn yaml_escape(c: char) -> String {
    match u32::from(c) {
        point @ ..=0xffff => format!("\\u{point:04x}"),
        point => format!("\\U{point:08x}"),
    }
}

/// A value whose hostile strings stand in double quotes, where YAML has escapes.
struct Quoted<'a>(&'a Value);

impl Serialize for Quoted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) if text.chars().any(is_unprintable) => {
                DoubleQuoted(text).serialize(serializer)
            }
            Value::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Quoted(item))?;
                }
                seq.end()
            }
            Value::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Quoted(value))?;
                }
                map.end()
            }
            plain => plain.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn is_safe(text: &str) -> bool {
        !text.chars().any(|c| c != '\n' && is_unprintable(c))
    }

    /// `any::<String>()` would hold no control character.
    fn hostile() -> impl Strategy<Value = String> {
        let char = prop_oneof![
            any::<char>(),
            "[ -~\n]".prop_map(|s| s.chars().next().unwrap())
        ];
        proptest::collection::vec(char, 0..30).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn any_text_survives_both_formats_and_shows_no_control_character(text in hostile()) {
            let model = json!({ "text": text, "list": [text] });
            for out in [json(&model), json_line(&model)] {
                prop_assert!(is_safe(&out), "{out:?}");
                prop_assert_eq!(&serde_json::from_str::<Value>(&out).unwrap(), &model);
            }
            let out = yaml(&model);
            prop_assert!(is_safe(&out), "{out:?}");
            prop_assert_eq!(&serde_saphyr::from_str::<Value>(&out).unwrap(), &model, "{}", out);
        }
    }

    #[test]
    fn a_list_names_its_kind_and_holds_its_items() {
        assert_eq!(
            "{\"apiVersion\":\"images.tracebloc.io/v1alpha1\",\"kind\":\"List\",\"items\":[1,2]}\n",
            json_line(&List::new(vec![1, 2]))
        );
    }

    #[test]
    fn hostile_text_is_escaped_and_not_lost() {
        let text = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{e0041}";
        let model = json!({ "text": text });
        assert_eq!(
            "{\"text\":\"a\\u001b[2J\\u009b31m\\u202eb\\udb40\\udc41\"}\n",
            json_line(&model)
        );
        assert_eq!(model, serde_json::from_str::<Value>(&json(&model)).unwrap());
        assert_eq!(
            model,
            serde_saphyr::from_str::<Value>(&yaml(&model)).unwrap()
        );
    }
}
