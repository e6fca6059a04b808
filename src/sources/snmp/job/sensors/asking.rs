//! Which tables an agent is asked, in which order, and no more often than it must be.

use std::collections::BTreeMap;

use super::reading;
use super::told::{Row, Told};
use crate::config::sensors::{SensorTable, Sensors};
use crate::event::{ObsSensorsV1, Observation};
use crate::model::PartKind;
use crate::sources::snmp::io::{Failure, Io};
use crate::sources::snmp::job::About;
use crate::sources::snmp::names::{SYS_OBJECT_ID, oid};
use crate::sources::snmp::walk;
use crate::wire::snmp::{NameBuf, Oid, Value};

/// Instances that are looked up for the rows of one table when they are new.
const LOOKED_UP: usize = 4_000;

/// Rows of a table: what its moving columns hold, by index.
type Rows = BTreeMap<Vec<u32>, Vec<Option<Value>>>;

/// Reads the sensors of an agent; what is news of them, if anything.
pub(super) async fn read(io: &Io, about: About) -> Result<Option<Observation>, Failure> {
    if io.part(PartKind::Sensors).is_none() {
        return Ok(None);
    }
    let catalogue = io.tables();
    let object_id = object_id(io).await?;
    // taken out while it is worked on: an agent is asked one thing at a time
    let mut told = std::mem::take(&mut io.memory().sensors);
    told.follow(&catalogue);
    let found = all(io, &catalogue, &object_id, &mut told).await;
    let news = found.map(|(readings, whole)| told.news(readings, whole));
    io.memory().sensors = told;
    let (sensors, gone) = news?;
    if sensors.is_empty() && gone.is_empty() {
        return Ok(None);
    }
    Ok(Some(Observation::Sensors(ObsSensorsV1 {
        address: about.address,
        at: about.at,
        sensors,
        gone,
    })))
}

type Found = (Vec<(Row, reading::Reading)>, bool);

async fn all(
    io: &Io,
    catalogue: &Sensors,
    object_id: &[u32],
    told: &mut Told,
) -> Result<Found, Failure> {
    told.begin();
    let mut readings = Vec::new();
    let mut whole = true;
    let mut gave: Vec<&str> = Vec::new();
    let mut scalars: Vec<(u16, &SensorTable)> = Vec::new();
    for (at, table) in catalogue.of(object_id) {
        if table.scalar {
            if told.asks(at) {
                scalars.push((at, table));
            }
            continue;
        }
        if table.unless.iter().any(|u| gave.contains(&u.as_str())) || !told.asks(at) {
            continue;
        }
        let (rows, all_of_it) = walk_table(io, table).await?;
        whole &= all_of_it;
        if all_of_it {
            told.was(at, rows.is_empty());
        }
        learn(io, at, table, &rows, told).await?;
        let before = readings.len();
        take(at, table, &rows, told, &mut readings);
        if readings.len() > before {
            gave.push(&table.id);
        }
    }
    for (at, table, rows) in get_scalars(io, &scalars).await? {
        if table.unless.iter().any(|u| gave.contains(&u.as_str())) {
            continue;
        }
        told.was(at, rows.is_empty());
        learn(io, at, table, &rows, told).await?;
        let before = readings.len();
        take(at, table, &rows, told, &mut readings);
        if readings.len() > before {
            gave.push(&table.id);
        }
    }
    Ok((readings, whole))
}

async fn object_id(io: &Io) -> Result<Vec<u32>, Failure> {
    let known = io.memory().system.as_ref().map(|s| s.object_id.clone());
    if let Some(known) = known.and_then(|t| t.as_str().parse::<Oid>().ok()) {
        return Ok(known.arcs().to_vec());
    }
    let values = walk::get(io, &[oid(SYS_OBJECT_ID)]).await?;
    let object_id = values.first().and_then(Value::as_oid);
    Ok(object_id.map(|o| o.arcs().to_vec()).unwrap_or_default())
}

/// The rows, and whether nothing is missing. What does not increase is no table: it is left where it stands.
async fn walk_table(io: &Io, table: &SensorTable) -> Result<(Rows, bool), Failure> {
    let roots = table.moving().into_iter().map(NameBuf::new).collect();
    let columns = walk::Columns::of(&[], roots);
    let mut walked = walk::all_columns(io, &columns, table.rows, None).await;
    if let Some(why) = walked.cut {
        io.cut(&table.id, why);
    }
    match walked.failure.take() {
        None | Some(Failure::Malformed(_)) => {}
        Some(failure) => return Err(failure),
    }
    let rows = walked
        .rows
        .iter()
        .filter(|(index, _)| !index.is_empty())
        .map(|(index, cells)| {
            let cells = (0..cells.len()).map(|c| Some(walked.value(cells, c)?.to_value()));
            (index.to_vec(), cells.collect())
        })
        .collect();
    Ok((rows, walked.whole))
}

/// All scalars in as few questions as fit.
async fn get_scalars<'a>(
    io: &Io,
    tables: &[(u16, &'a SensorTable)],
) -> Result<Vec<(u16, &'a SensorTable, Rows)>, Failure> {
    let mut wanted: Vec<Oid> = Vec::new();
    for (_, table) in tables {
        wanted.extend(table.moving().iter().map(|c| Oid::new(*c).child(&[0])));
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = walk::get(io, &wanted).await?.into_iter();
    Ok(tables
        .iter()
        .map(|(at, table)| {
            let cells: Vec<Option<Value>> = values
                .by_ref()
                .take(table.moving().len())
                .map(|v| Some(v).filter(|v| !v.is_exception() && *v != Value::Null))
                .collect();
            let mut rows = Rows::new();
            if cells.iter().any(Option::is_some) {
                rows.insert(vec![0], cells);
            }
            (*at, *table, rows)
        })
        .collect())
}

/// Asks for what stays the same of rows that are new, or of all from time to time.
async fn learn(
    io: &Io,
    at: u16,
    table: &SensorTable,
    rows: &Rows,
    told: &mut Told,
) -> Result<(), Failure> {
    let new: Vec<&Vec<u32>> = rows
        .keys()
        .filter(|index| told.is_fresh() || !told.knows(&(at, index.as_slice().into())))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let fixed = look_up(
        io,
        new.iter().flat_map(|index| reading::fixed(table, index)),
    )
    .await?;
    let look = |instance: &[u32]| fixed.get(instance).cloned();
    let mut named = Vec::new();
    for index in new {
        match reading::shape(table, index, &look) {
            Some(shape) => named.push((index, shape)),
            None => told.learn((at, index.as_slice().into()), None),
        }
    }
    let names = look_up(
        io,
        named
            .iter()
            .flat_map(|(index, _)| reading::names(table, index)),
    )
    .await?;
    let look = |instance: &[u32]| names.get(instance).cloned();
    for (index, shape) in named {
        let title = reading::title(table, index, shape.kind, &look);
        let what = reading::key(table, index).map(|key| (shape, key, title));
        told.learn((at, index.as_slice().into()), what);
    }
    Ok(())
}

async fn look_up(
    io: &Io,
    instances: impl Iterator<Item = Vec<u32>>,
) -> Result<BTreeMap<Vec<u32>, Value>, Failure> {
    let mut wanted: Vec<Vec<u32>> = instances.collect();
    wanted.sort();
    wanted.dedup();
    wanted.truncate(LOOKED_UP);
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<Oid> = wanted.iter().map(|w| Oid::new(w.as_slice())).collect();
    let values = walk::get(io, &names).await?;
    Ok(wanted
        .into_iter()
        .zip(values)
        .filter(|(_, v)| !v.is_exception())
        .collect())
}

fn take(
    at: u16,
    table: &SensorTable,
    rows: &Rows,
    told: &Told,
    readings: &mut Vec<(Row, reading::Reading)>,
) {
    for (index, cells) in rows {
        let row: Row = (at, index.as_slice().into());
        let Some(shape) = told.shape(&row) else {
            continue;
        };
        let cells: Vec<Option<&Value>> = cells.iter().map(Option::as_ref).collect();
        if let Some(reading) = reading::read(table, &shape, &cells) {
            readings.push((row, reading));
        }
    }
}
