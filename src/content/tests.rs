//! Same content, other content, or nobody knows: with a registry that fits on a page.

use super::*;
use crate::lookup::{Layer, Manifest};

/// The digest that ends in this letter.
fn digest(letter: char) -> Digest {
    format!("sha256:{}{letter}", "0".repeat(63))
        .parse()
        .expect("a hex digit")
}

fn manifest(letter: char) -> Name {
    Name::Manifest(digest(letter))
}

fn config(letter: char) -> Name {
    Name::Config(digest(letter))
}

fn platform(arch: &str) -> Platform {
    Platform::new("linux", arch, None)
}

fn on(arches: &[&str]) -> BTreeSet<Platform> {
    arches.iter().map(|arch| platform(arch)).collect()
}

fn failure(code: Code) -> Failure {
    Failure {
        code: Some(code),
        layer: Layer::Manifest,
        host: "ghcr.io".to_owned(),
        message: "no".to_owned(),
        retry_after: None,
    }
}

/// `a` is an index of `1` (amd64) and `2` (arm64); `b` is `a` with an attestation pushed anew, `c` is `a` before
/// arm64 was built, `d` is the next build, of `3` and `4`. `5` is `1` under another digest. `e` is gone, `f` is
/// refused. Configs: `1` has `7`, `2` has `8`, `3` has `9`; that of `4` was not looked up.
fn registry() -> RegistryAnswers {
    let mut answers = RegistryAnswers::default();
    let mut add = |letter: char, content: Content| {
        let digest = digest(letter);
        answers
            .manifests
            .insert(digest.clone(), Ok(Manifest { digest, content }));
    };
    let index = |children: &[(&str, char)]| {
        let child = |(arch, letter): &(&str, char)| Child {
            digest: digest(*letter),
            platform: platform(arch),
        };
        Content::Index(children.iter().map(child).collect())
    };
    let image = |letter: char| Content::Image {
        config: digest(letter),
        size: 1,
    };
    add('a', index(&[("amd64", '1'), ("arm64", '2')]));
    add('b', index(&[("amd64", '1'), ("arm64", '2')]));
    add('c', index(&[("amd64", '1')]));
    add('d', index(&[("amd64", '3'), ("arm64", '4')]));
    add('1', image('7'));
    add('2', image('8'));
    add('3', image('9'));
    add('5', image('7'));
    answers
        .manifests
        .insert(digest('e'), Err(failure(Code::DigestGone)));
    answers
        .manifests
        .insert(digest('f'), Err(failure(Code::RateLimited)));
    answers
}

/// `a` is a manifest, `config a` a config.
fn name(text: &str) -> Name {
    let letter = |text: &str| text.chars().next().map(digest).expect("a letter");
    match text.strip_prefix("config ") {
        Some(text) => Name::Config(letter(text)),
        None => Name::Manifest(letter(text)),
    }
}

fn words(relation: &Relation) -> String {
    match relation {
        Relation::Same => "same".to_owned(),
        Relation::Other => "other".to_owned(),
        Relation::WrongPlatform(platform) => format!("wrong platform: {platform}"),
        Relation::Gone(digest) => format!("gone: {}", &digest.as_str()[70..]),
        Relation::Unknown(why) => format!("unknown: {why}"),
    }
}

/// One name, another, the platforms that matter, how they stand, and why.
const TABLE: &str = "
0        | 0        | amd64       | same                        | a digest is itself, known or not
config 0 | config 0 | amd64       | same                        | a config is itself
config 0 | 0        | amd64       | unknown: not looked up      | a config is not a manifest of the same digest
config 7 | config 8 | amd64       | other                       | two configs are two images
a        | 2        | arm64       | same                        | the child that CRI-O shows
d        | 4        | arm64       | same                        | a child whose own manifest was never fetched
a        | 2        |             | same                        | a child, on a node that nobody may read
a        | 1        | arm64       | wrong platform: linux/amd64 | the child of another platform
a        | 1        | amd64 arm64 | other                       | one child where two are needed
a        | config 8 | arm64       | same                        | a config that was side-loaded
a        | config 7 | arm64       | other                       | the config of another platform
a        | config 7 |             | same                        | the config of any platform, on an unknown node
a        | config 9 |             | other                       | a config that no platform has, on an unknown node
1        | config 7 | amd64       | same                        | the config of a single image
1        | config 8 | amd64       | other                       | another config than the single image's
d        | config 8 | arm64       | unknown: not looked up      | a config against an image nobody looked up
a        | b        | amd64 arm64 | same                        | an attestation was pushed anew
a        | c        | amd64       | same                        | arm64 was built later, and is not needed
a        | c        | arm64       | other                       | arm64 was built later, and is needed
a        | c        |             | other                       | arm64 was built later, and nobody knows the nodes
a        | d        | s390x       | other                       | a platform that neither has does not make them equal
a        | b        | amd64 s390x | same                        | nor does it make them differ
a        | d        | amd64       | other                       | the next build
1        | 5        | amd64       | same                        | one image under two digests
a        | 5        | amd64       | same                        | an image whose config an index has
a        | 3        | amd64       | other                       | an image that no index has
a        | e        | amd64       | gone: e                     | an old digest that was deleted
a        | f        | amd64       | unknown: ghcr.io: no        | a registry that refuses
a        | 0        | amd64       | unknown: not looked up      | nobody looked
f        | 0        | amd64       | unknown: ghcr.io: no        | neither is known
0        | e        | amd64       | gone: e                     | a deleted one against an unknown one
config 7 | e        | amd64       | gone: e                     | a config against a deleted one
";

#[test]
fn names_are_the_same_content_or_not_or_nobody_knows() {
    for row in TABLE.trim().lines() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [a, b, arches, want, sentence] = cells[..] else {
            panic!("five cells: {row}");
        };
        let on = arches.split_whitespace().map(platform).collect();
        let relation = compare(&name(a), &name(b), &on, &registry());
        assert_eq!(want, words(&relation), "{sentence}");
    }
}

#[test]
fn arm_of_any_variant_runs_on_a_node_that_names_none() {
    let mut answers = RegistryAnswers::default();
    let child = |letter, variant| Child {
        digest: digest(letter),
        platform: Platform::new("linux", "arm", Some(variant)),
    };
    let content = Content::Index(vec![child('1', "v6"), child('2', "v7")]);
    answers.manifests.insert(
        digest('a'),
        Ok(Manifest {
            digest: digest('a'),
            content,
        }),
    );
    for letter in ['1', '2'] {
        assert_eq!(
            Relation::Same,
            compare(&manifest('a'), &manifest(letter), &on(&["arm"]), &answers)
        );
    }
}

/// Every pair of names on every choice of platforms.
fn all_pairs() -> Vec<(Name, Name, BTreeSet<Platform>)> {
    let letters = "abcdef012345789";
    let names: Vec<_> = letters
        .chars()
        .flat_map(|l| [manifest(l), config(l)])
        .collect();
    let choices = [
        &[][..],
        &["amd64"],
        &["arm64"],
        &["amd64", "arm64"],
        &["s390x"],
    ];
    let mut pairs = Vec::new();
    for a in &names {
        for b in &names {
            pairs.extend(choices.map(|arches| (a.clone(), b.clone(), on(arches))));
        }
    }
    pairs
}

/// The answer without the reason why there is none, of which two may compete.
fn kind(relation: &Relation) -> Relation {
    match relation {
        Relation::Unknown(_) => Relation::Unknown(String::new()),
        other => other.clone(),
    }
}

#[test]
fn it_does_not_matter_which_name_comes_first() {
    let answers = registry();
    for (a, b, on) in all_pairs() {
        let (ab, ba) = (
            compare(&a, &b, &on, &answers),
            compare(&b, &a, &on, &answers),
        );
        assert_eq!(kind(&ab), kind(&ba), "{a:?} {b:?} {on:?}");
    }
}

#[test]
fn what_is_proven_stays_proven_when_more_is_known() {
    let full = registry();
    for hidden in full.manifests.keys() {
        let mut less = full.clone();
        less.manifests.remove(hidden);
        for (a, b, on) in all_pairs() {
            let before = compare(&a, &b, &on, &less);
            let after = compare(&a, &b, &on, &full);
            // That a digest is gone is learned where nothing else was known of it; so is whose child it is.
            let is_sharper = matches!(before, Relation::Unknown(_) | Relation::Gone(_));
            assert!(
                is_sharper || before == after,
                "{a:?} {b:?} {on:?}: {before:?}, then {after:?}"
            );
        }
    }
}

#[test]
fn only_a_missing_digest_is_gone() {
    for (want, code) in [
        (false, Code::TagMissing),
        (true, Code::DigestGone),
        (false, Code::RepositoryMissing),
        (false, Code::RateLimited),
        (false, Code::RegistryError),
    ] {
        assert_eq!(want, is_gone(&failure(code)), "{code}");
    }
    let offline = Failure {
        code: None,
        ..failure(Code::Dropped)
    };
    assert!(!is_gone(&offline));
}
