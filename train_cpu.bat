@echo off
rem Trains the guide recipe on this machine's CPU. Your own problems: train_cpu.bat --data problems.parquet
setlocal
cd /d "%~dp0"
fc /b requirements.lock .venv\.installed >nul 2>&1
if not errorlevel 1 goto train
py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))"
if errorlevel 1 (
  echo climbpath needs Python 3.11 or newer: install it from python.org
  exit /b 2
)
echo Installing climbpath into .venv (the first time takes some minutes) ...
py -3 -m venv .venv || exit /b 2
.venv\Scripts\python -m pip install --quiet --disable-pip-version-check -r requirements.lock || exit /b 2
.venv\Scripts\python -m pip install --quiet --disable-pip-version-check --no-deps -e . || exit /b 2
copy /y requirements.lock .venv\.installed >nul
:train
.venv\Scripts\python backend\training\train_autoregressive.py --device cpu --batch_size 16 --num_workers 0 --num_epochs 50 --max_seq_len 64 --warmup_steps 500 %*
