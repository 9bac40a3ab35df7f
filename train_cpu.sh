#!/usr/bin/env bash
# Trains the guide recipe on this machine's CPU. Your own problems: bash train_cpu.sh --data problems.parquet
set -euo pipefail
cd "$(dirname "$0")"
"${PYTHON:-python3}" tools/dev.py setup
exec .venv/bin/python backend/training/train_autoregressive.py --device cpu --batch_size 16 --num_workers 0 --num_epochs 50 --max_seq_len 64 --warmup_steps 500 "$@"
