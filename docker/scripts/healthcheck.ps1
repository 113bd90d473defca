<#
.SYNOPSIS
How the containers of docker-compose.backend-stores.yml are: state, health, the last health check of those that are
not healthy, and which server really answers on the ports that several services share.

.DESCRIPTION
Windows PowerShell 5.1 and PowerShell 7. Exit code 0: every container runs, and is healthy where it has a health
check. The twin of healthcheck.sh.

.EXAMPLE
docker\scripts\healthcheck.ps1
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path (Join-Path $PSScriptRoot '..\..')).Path
$file = Join-Path $root 'docker-compose.backend-stores.yml'

# A program's errors must not end this script: Windows PowerShell turns what it writes to stderr into errors.
function Invoke-Docker {
    $previous = $ErrorActionPreference
    $ErrorActionPreference = 'Continue'
    try { & docker @args 2>$null } finally { $ErrorActionPreference = $previous }
}

function Get-Setting([string]$Name, [string]$Default) {
    $value = [Environment]::GetEnvironmentVariable($Name)
    if ($value) { return $value }
    $env = Join-Path $root '.env'
    if (Test-Path $env) {
        foreach ($line in Get-Content $env) {
            if ($line -match "^\s*(?:export\s+)?$Name\s*=\s*(.*?)\s*$") {
                $found = $Matches[1].Trim('"').Trim("'")
                if ($found) { return $found }
            }
        }
    }
    return $Default
}

# redis, valkey or keydb with its version; $null when nothing listens.
function Get-RespServer([string]$Address, [int]$Port, [string]$Password) {
    $client = New-Object System.Net.Sockets.TcpClient
    try {
        $client.Connect($Address, $Port)
        $stream = $client.GetStream()
        $stream.ReadTimeout = 3000
        $text = ''
        if ($Password) {
            $length = [Text.Encoding]::UTF8.GetByteCount($Password)
            $text += "*2`r`n`$4`r`nAUTH`r`n`$$length`r`n$Password`r`n"
        }
        $text += "*2`r`n`$4`r`nINFO`r`n`$6`r`nserver`r`n*1`r`n`$4`r`nPING`r`n"
        $bytes = [Text.Encoding]::UTF8.GetBytes($text)
        $stream.Write($bytes, 0, $bytes.Length)
        $reply = ''
        $buffer = New-Object byte[] 4096
        while ($reply -notmatch 'PONG|NOAUTH' -and $reply.Length -lt 65536) {
            $count = $stream.Read($buffer, 0, $buffer.Length)
            if ($count -eq 0) { break }
            $reply += [Text.Encoding]::UTF8.GetString($buffer, 0, $count)
        }
        if ($reply -match 'valkey_version:(\S+)') { return "valkey $($Matches[1])" }
        $version = if ($reply -match 'redis_version:(\S+)') { $Matches[1] } else { $null }
        if ($version -and $reply -match 'keydb-server') { return "keydb $version" }
        if ($version) { return "redis $version" }
        if ($reply -match 'NOAUTH|WRONGPASS|invalid password') { return 'password refused' }
        return 'something else'
    } catch [System.Net.Sockets.SocketException] {
        return $null
    } catch {
        return 'something else'
    } finally {
        $client.Close()
    }
}

# opensearch or elasticsearch with its version; $null when nothing listens.
function Get-SearchServer([string]$Address, [int]$Port) {
    try {
        $reply = Invoke-WebRequest -UseBasicParsing -TimeoutSec 3 -Uri "http://${Address}:$Port/"
        $version = ($reply.Content | ConvertFrom-Json).version
        $names = @($version.PSObject.Properties | ForEach-Object { $_.Name })
        if ($names -contains 'distribution') { return "$($version.distribution) $($version.number)" }
        return "elasticsearch $($version.number)"
    } catch [System.Net.WebException] {
        if ($_.Exception.Response) { return 'something else' }
        return $null
    } catch {
        # PowerShell 7 throws another type when nothing listens.
        if ($_.Exception.PSObject.Properties['Response'] -and $_.Exception.Response) { return 'something else' }
        return $null
    }
}

Invoke-Docker version | Out-Null
if ($LASTEXITCODE -ne 0) {
    Write-Output 'no Docker engine answers; start Docker, or look at: docker version'
    exit 1
}

$bad = $false
$seen = $false
$services = @(Invoke-Docker compose -f $file --profile '*' config --services | Sort-Object)
foreach ($service in $services) {
    $container = Invoke-Docker compose -f $file --profile '*' ps --all --quiet $service | Select-Object -First 1
    if (-not $container) { continue }
    $seen = $true
    $found = (Invoke-Docker inspect $container | Out-String | ConvertFrom-Json)
    $state = @($found)[0].State
    $health = $null
    if ($state.PSObject.Properties['Health'] -and $state.Health) { $health = $state.Health }
    $mark = 'FAILED'
    if ($state.Status -eq 'running' -and (-not $health -or $health.Status -eq 'healthy')) { $mark = 'ok' }
    elseif ($state.Status -eq 'running' -and $health.Status -eq 'starting') { $mark = 'wait' }
    # The services that set permissions, and end.
    elseif ($state.Status -eq 'exited' -and $state.ExitCode -eq 0 -and $service -like '*-permissions') { continue }
    if ($mark -ne 'ok') { $bad = $true }
    $text = $state.Status
    if ($state.Status -eq 'exited') { $text += " with exit code $($state.ExitCode)" }
    if ($health) { $text += ", $($health.Status)" }
    Write-Output ('{0,-6}  {1,-16} {2}' -f $mark, $service, $text)
    if ($mark -eq 'FAILED') {
        $indent = ' ' * 25
        if ($health -and $health.Log) {
            $last = @($health.Log)[-1]
            Write-Output "${indent}last check: exit code $($last.ExitCode) $($last.Output.Trim())"
        }
        if ($state.Status -eq 'created') { Write-Output "${indent}never started: is its port taken?" }
        if ($state.ExitCode -eq 137) { Write-Output "${indent}killed: is its memory limit too low?" }
        Write-Output "${indent}docker compose -f docker-compose.backend-stores.yml logs --tail 50 $service"
    }
}
if (-not $seen) { Write-Output 'no container; start with: docker compose -f docker-compose.backend-stores.yml up -d' }

# Who answers on the ports that services share, each port once.
$asked = @()
foreach ($name in 'REDIS', 'VALKEY', 'KEYDB') {
    $port = [int](Get-Setting "${name}_PORT" '6379')
    if ($asked -contains $port) { continue }
    $asked += $port
    $password = ''
    foreach ($variable in "${name}_PASSWORD", 'REDIS_PASSWORD', 'VALKEY_PASSWORD', 'KEYDB_PASSWORD') {
        if (-not $password) { $password = Get-Setting $variable '' }
    }
    $who = Get-RespServer '127.0.0.1' $port $password
    if ($who) { Write-Output "port $port is answered by $who" }
}
$asked = @()
foreach ($name in 'OPENSEARCH', 'ELASTICSEARCH') {
    $port = [int](Get-Setting "${name}_PORT" '9200')
    if ($asked -contains $port) { continue }
    $asked += $port
    $who = Get-SearchServer '127.0.0.1' $port
    if ($who) { Write-Output "port $port is answered by $who" }
}
if ($bad -or -not $seen) { exit 1 }
exit 0
