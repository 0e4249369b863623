#!/usr/bin/env python3
"""The tables of Optuna's SQLite storage, as Optuna itself makes them: optuna_schema.sql.
usage: make_optuna_schema.py > optuna_schema.sql      (pip install optuna==4.9.0, or 5.0.0: the same)

tests/test_trials.c compares it with what host/trials makes. Space is one blank wherever there is any."""
import os, re, sqlite3, tempfile
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "made.db")
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    db = sqlite3.connect(path)
    for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rootpage"):
        print(re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").replace(" ,", ",").strip() + ";")
    (schema,) = db.execute("SELECT schema_version FROM version_info").fetchone()
    (alembic,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
    print(f"-- schema_version {schema}, alembic {alembic}")
