//! Bodies of requests into rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use canopy_rows::{Schema, arrow, csv, json};
use canopy_runtime::Model;
use criterion::{Criterion, Throughput};

use canopy_bench::{WEEK, json_record};

pub(crate) fn measure(criterion: &mut Criterion, week: &[f64], model: &Model) {
    let schema = &Schema::new(model.info());
    let names = schema.features();

    let rows = week.chunks(schema.width());
    let records: Vec<String> = rows.map(|row| json_record(names, row)).collect();

    let mut cycle = records.iter().cycle();
    criterion.bench_function("row/json-record", |bencher| {
        bencher.iter(|| json::record(cycle.next().unwrap().as_bytes(), schema).unwrap());
    });

    let mut group = criterion.benchmark_group("row/week");
    group.throughput(Throughput::Elements(WEEK as u64));
    let body = format!("[{}]", records.join(","));
    group.bench_function("json", |bencher| {
        bencher.iter(|| json::records(body.as_bytes(), schema, WEEK).unwrap());
    });
    let body = csv_table(names, week);
    group.bench_function("csv", |bencher| {
        bencher.iter(|| csv::records(body.as_bytes(), schema, WEEK).unwrap());
    });
    let body = arrow_stream(names, week);
    group.bench_function("arrow", |bencher| {
        bencher.iter(|| arrow::records(&body, schema, WEEK).unwrap());
    });
}

fn csv_table(names: &[String], rows: &[f64]) -> String {
    let mut table = names.join(",") + "\n";
    for row in rows.chunks(names.len()) {
        let values: Vec<String> = row.iter().map(f64::to_string).collect();
        table += &(values.join(",") + "\n");
    }
    table
}

fn arrow_stream(names: &[String], rows: &[f64]) -> Vec<u8> {
    let columns = names.iter().enumerate().map(|(feature, name)| {
        let values = rows.iter().skip(feature).step_by(names.len()).copied();
        (
            name,
            Arc::new(Float64Array::from_iter_values(values)) as ArrayRef,
        )
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
