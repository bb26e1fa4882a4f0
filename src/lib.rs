//! `kubectl tracebloc-images`: see what the images of a tracebloc client do, and why.
