//! Every step and every ending as a snapshot.
