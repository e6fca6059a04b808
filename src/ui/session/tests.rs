//! Keys in, requests and screens out.
