//! Every plan as a snapshot.
