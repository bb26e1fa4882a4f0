//! Which node pulls what, on a release with nodes of two platforms.

use super::*;
use crate::health::fixtures as site;
