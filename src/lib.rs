//! `kubectl tracebloc-images`: shows what the images of a tracebloc client do, finds out why, and repairs it.
//!
//! Five phases, one direction: **discover → observe → decide → apply → render**. The middle and the end are pure:
//! `plan`, `health` and `render` are functions of plain data. The world stands behind `cluster`, `registry` and
//! `probe`, one narrow async function per question. A command is a sentence made of these words.

mod age;
mod capability;
mod certificate;
mod cli;
mod cluster;
mod codes;
mod content;
mod error;
mod health;
mod image;
mod lookup;
mod node;
mod observation;
mod record;
mod release;
mod render;
mod text;
