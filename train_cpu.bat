@echo off
rem Trains the guide recipe on this machine's CPU. Your own problems: train_cpu.bat --data problems.parquet
setlocal
cd /d "%~dp0"
py -3 tools\dev.py setup || exit /b 2
.venv\Scripts\python backend\training\train_autoregressive.py --device cpu --batch_size 16 --num_workers 0 --num_epochs 50 --max_seq_len 64 --warmup_steps 500 %*
