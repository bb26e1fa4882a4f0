//! The texts, held to their form.

use super::*;

/// Every sentence and item of a text.
fn pieces(text: &Explanation) -> Vec<&'static str> {
    let lists = [text.causes, text.rules_out, text.steps];
    let whys = text.commands.iter().map(|command| command.why);
    std::iter::once(text.seen)
        .chain(lists.into_iter().flatten().copied())
        .chain(whys)
        .collect()
}

#[test]
fn every_code_has_a_text_of_its_own() {
    for code in Code::ALL {
        let seen = explanation(*code).seen;
        let twins = Code::ALL
            .iter()
            .filter(|other| explanation(**other).seen == seen);
        assert_eq!(1, twins.count(), "{code}");
    }
}

#[test]
fn every_text_is_well_formed() {
    for code in Code::ALL {
        let text = explanation(*code);
        assert!(text.seen.ends_with('.'), "{code}: {}", text.seen);
        for (name, list) in [("causes", text.causes), ("steps", text.steps)] {
            assert!(!list.is_empty(), "{code} has no {name}");
        }
        assert!(!text.commands.is_empty(), "{code} shows nothing more");
        let items = [text.causes, text.rules_out, text.steps].concat();
        for item in &items {
            assert!(!item.ends_with(['.', '!']), "{code}: {item}");
            let twins = items.iter().filter(|other| *other == item);
            assert_eq!(1, twins.count(), "{code}: {item}");
        }
        for piece in pieces(text) {
            let is_plain = piece.is_ascii() && !piece.contains("  ") && piece.trim() == piece;
            assert!(is_plain && !piece.is_empty(), "{code}: {piece:?}");
            assert!(piece.len() <= 300, "{code}: {piece}");
        }
    }
}

#[test]
fn codes_that_a_text_names_exist() {
    for code in Code::ALL {
        for piece in pieces(explanation(*code)) {
            for named in piece.split("TBI-").skip(1) {
                let number = named.get(..3).unwrap_or(named);
                let named = number.parse::<Code>();
                assert!(named.is_ok_and(|named| named != *code), "{code}: {piece}");
            }
        }
    }
}

#[test]
fn commands_are_those_of_tools_that_operators_have() {
    const OURS: [&str; 4] = ["status", "refresh", "doctor", "explain"];

    for code in Code::ALL {
        for Command { command, .. } in explanation(*code).commands {
            let words: Vec<_> = command.split(' ').collect();
            let is_known = match words[..] {
                ["kubectl", "tracebloc-images", subcommand, ..] => OURS.contains(&subcommand),
                ["kubectl" | "helm" | "docker", ..] => true,
                _ => false,
            };
            assert!(is_known, "{code}: {command}");
        }
    }
}

#[test]
fn every_code_is_in_a_named_range() {
    for code in Code::ALL {
        let named = GROUPS.iter().filter(|(group, _)| *group == code.group());
        assert_eq!(1, named.count(), "{code}");
    }
}
