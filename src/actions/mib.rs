//! The objects that runs ask for and set.

/// `ifDescr` (RFC 2863).
pub(crate) const IF_DESCR: &str = "1.3.6.1.2.1.2.2.1.2";
/// `ifType` (RFC 2863).
pub(crate) const IF_TYPE: &str = "1.3.6.1.2.1.2.2.1.3";
/// `ifAdminStatus` (RFC 2863).
pub(crate) const IF_ADMIN_STATUS: &str = "1.3.6.1.2.1.2.2.1.7";
/// `ifOperStatus` (RFC 2863).
pub(crate) const IF_OPER_STATUS: &str = "1.3.6.1.2.1.2.2.1.8";
/// `ifName` (RFC 2863).
pub(crate) const IF_NAME: &str = "1.3.6.1.2.1.31.1.1.1.1";
/// `ifAlias` (RFC 2863).
pub(crate) const IF_ALIAS: &str = "1.3.6.1.2.1.31.1.1.1.18";
/// `dot3adAggPortAttachedAggID` (IEEE8023-LAG-MIB): the aggregator a port is attached to; its own index or zero where it is in none.
pub(crate) const LAG_ATTACHED: &str = "1.2.840.10006.300.43.1.2.1.1.13";
/// `vlanTrunkPortDynamicStatus` (CISCO-VTP-MIB): trunking(1), notTrunking(2).
pub(crate) const TRUNK_STATUS: &str = "1.3.6.1.4.1.9.9.46.1.6.1.1.14";

/// up(1) of `ifAdminStatus` and `ifOperStatus`.
pub(crate) const UP: i64 = 1;
/// down(2).
pub(crate) const DOWN: i64 = 2;
