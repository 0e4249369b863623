/// Printing of benchmark rows, for people and as CSV.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

const char *bench_option(int argc, char **argv, const char *name, const char *otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (!strcmp(argv[i], name)) return argv[i + 1];
  return otherwise;
}

throng_backend *bench_host_backend(void) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  def.name = "cpu";
  def.threads = 1;
  bench_require(throng_backend_open(&def, &backend));
  return backend;
}

bench_output bench_open(throng_backend *backend, int argc, char **argv) {
  bench_output out = {.backend = throng_backend_name(backend)};
  measure_on(backend);
  // Without them shares of a ceiling are left out: for runs that are not about speed.
  if (strcmp(bench_option(argc, argv, "--ceilings", "yes"), "no") != 0)
    bench_require(measure_machine(backend, &out.ceiling));
  const char *path = bench_option(argc, argv, "--csv", getenv("THRONG_BENCH_CSV"));
  if (path && *path) {
    FILE *csv = fopen(path, "a");
    if (!csv) {
      perror(path);
      exit(1);
    }
    if (ftell(csv) == 0)
      fprintf(csv,
              "date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,"
              "ceiling_bytes,ceiling_operations,ceiling_loads\n");
    out.csv = csv;
  }
  printf("%s\n", throng_backend_describe(backend));
  printf("ceiling: %.1f GB/s triad, %.0f GFLOP/s product, %.0f M random lines/s\n\n",
         out.ceiling.bytes * 1e-9, out.ceiling.operations * 1e-9, out.ceiling.loads * 1e-6);
  printf("%-44s %11s %22s %7s %7s\n", "", "ms a call", "rate", "memory", "arith.");
  return out;
}

static void print_share(double is, double ceiling) {
  if (is > 0 && ceiling > 0)
    printf(" %6.0f%%", 100 * is / ceiling);
  else
    printf("       -");
}

void bench_print(bench_output *out, const measure_row *row) {
  double rate = row->units / row->seconds;
  printf("%-44s %11.3f %10.0f %s/s", row->name, row->seconds * 1e3, rate, row->unit);
  print_share(row->bytes / row->seconds, out->ceiling.bytes);
  print_share(row->operations / row->seconds, out->ceiling.operations);
  putchar('\n');
  fflush(stdout);
  if (!out->csv) return;
  const char *commit = getenv("THRONG_BENCH_COMMIT");
  char date[32], size[sizeof row->size + 32];
  // Rows of several backends share a file.
  const bool on_cpu = !strcmp(out->backend, "cpu");
  snprintf(size, sizeof size, "%s%s%s", row->size, on_cpu ? "" : " on ",
           on_cpu ? "" : out->backend);
  time_t now = time(NULL);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  fprintf(out->csv, "%s,%s,%d,\"%s\",\"%s\",%s,%.0f,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.4g,%.4g,%.4g\n",
          date, commit ? commit : "", row->threads, row->name, size, row->unit, row->units,
          row->seconds, row->low, row->high, rate, row->bytes, row->operations, out->ceiling.bytes,
          out->ceiling.operations, out->ceiling.loads);
  fflush(out->csv);  // a run that is killed keeps the rows that it has
}

void bench_close(bench_output *out) {
  if (out->csv) fclose(out->csv);
  out->csv = NULL;
}
