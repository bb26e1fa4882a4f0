# PowerShell completion of kubectl-tracebloc_images: to be run in the profile.
# `kubectl tracebloc-images` is completed by kubectl's own script, after: kubectl tracebloc-images completion install

Register-ArgumentCompleter -Native -CommandName 'kubectl-tracebloc_images' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = $commandAst.CommandElements | Select-Object -Skip 1
    $words = @($elements | Where-Object { $_.Extent.EndOffset -le $cursorPosition } | ForEach-Object { "$_" })
    if ($wordToComplete -eq '') {
        # Before 7.3 an empty argument is lost on its way to a program.
        $words += if ($PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { '' }
    }
    $flag = if ($wordToComplete -match '^(--[^=]+=)') { $Matches[1] } else { '' }
    & kubectl-tracebloc_images __complete @words 2>$null | Where-Object { $_ -notmatch '^:\d' } | ForEach-Object {
        $word, $meaning = $_ -split "`t", 2
        if (-not $meaning) { $meaning = $word }
        [System.Management.Automation.CompletionResult]::new("$flag$word", $word, 'ParameterValue', $meaning)
    }
}
